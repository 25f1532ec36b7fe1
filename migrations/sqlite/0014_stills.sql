-- A picture that moves has its first frame beside it, which may be as wide: a variant is told by its width and its format.
create table variants (
    image  integer not null references images (id) on delete cascade,
    width  integer not null check (width > 0),
    height integer not null check (height > 0),
    format text not null check (format in ('jpg', 'png', 'webp', 'gif')),
    primary key (image, width, format)
) strict;

insert into variants (image, width, height, format) select image, width, height, format from image_variants;
drop table image_variants;
alter table variants rename to image_variants;
