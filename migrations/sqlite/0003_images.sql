-- Pictures, named by the hash of the uploaded bytes; a row exists only after the files are durable.
create table images (
    id         integer primary key autoincrement,
    hash       blob not null unique check (length(hash) = 32),
    uploader   integer references users (id) on delete set null,
    created_at integer not null
) strict;

create index images_uploader on images (uploader);

create table image_variants (
    image  integer not null references images (id) on delete cascade,
    width  integer not null check (width > 0),
    height integer not null check (height > 0),
    format text not null check (format in ('jpg', 'png', 'webp', 'gif')),
    primary key (image, width)
) strict;

-- Which pictures stand with which post, in the writer's order; position 0 is the post's image.
create table post_images (
    post       integer not null references posts (id) on delete cascade,
    position   integer not null,
    image      integer not null references images (id) on delete restrict,
    alt        text not null,
    decorative integer not null check (decorative in (0, 1)),
    primary key (post, position),
    unique (post, image)
) strict;

create index post_images_image on post_images (image);
