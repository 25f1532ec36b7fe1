-- Which pictures a post holds: those that stand or stood with it, and those that any of its texts shows. They stay as long
-- as the post does, since an old revision may be restored; `used` says that some post holds the picture.
create table held_images (
    post  integer not null references posts (id) on delete cascade,
    image integer not null references images (id) on delete restrict,
    primary key (post, image)
) strict, without rowid;

create index held_images_image on held_images (image);

insert into held_images (post, image) select post, image from post_images;

-- `kept`: it was used before posts held their pictures. Nobody knows by which texts, so it stays for ever.
alter table images add column kept integer not null default 0 check (kept in (0, 1));
update images set kept = used;

drop trigger post_images_used;

create trigger held_images_used after insert on held_images
begin
    update images set used = 1 where id = new.image and used = 0;
end;

create trigger held_images_released after delete on held_images
begin
    update images set used = 0
    where id = old.image and kept = 0 and not exists (select 1 from held_images where image = old.image);
end;
