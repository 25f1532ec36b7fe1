-- Lists that are read from an index of their own, however many posts and tags there are.

-- A part of the sitemap is fifty thousand post numbers. Its addresses and its newest change are read from here alone.
create index posts_sitemap on posts ((id - 1) / 50000, updated_at, id, status, visibility, trashed_at)
    where status = 'published' and visibility = 'public' and trashed_at is null;

-- How many posts everybody finds under a tag; the triggers keep it true, so that no list of tags counts.
alter table tags add column posts integer not null default 0;
update tags set posts = (select count(*) from post_tags pt where pt.tag = tags.id and pt.public_at is not null);

create index tags_listed on tags (key, name, posts) where posts > 0;
create index tags_most on tags (posts desc, key, name) where posts > 0;

create trigger post_tags_count_in after insert on post_tags when new.public_at is not null
begin
    update tags set posts = posts + 1 where id = new.tag;
end;

create trigger post_tags_count_out after delete on post_tags when old.public_at is not null
begin
    update tags set posts = posts - 1 where id = old.tag;
end;

create trigger post_tags_count_turn after update of public_at on post_tags
    when (old.public_at is null) <> (new.public_at is null)
begin
    update tags set posts = posts + case when new.public_at is null then -1 else 1 end where id = new.tag;
end;
