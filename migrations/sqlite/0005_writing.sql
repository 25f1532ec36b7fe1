-- What a writer says about a post beside its text. `publish_at`: a draft that becomes public by itself at this moment.
-- `submitted_at`: a draft that waits for somebody who may publish it.
alter table posts add column excerpt text;
alter table posts add column publish_at integer check (publish_at is null or status = 'draft');
alter table posts add column submitted_at integer check (submitted_at is null or status = 'draft');

-- `key` is a tag's address and what makes two spellings one; `name` is how it is written.
create table tags (
    id   integer primary key autoincrement,
    key  text not null unique,
    name text not null
) strict;

-- `public_at` repeats `posts.published_at` while the post is listed for everybody, so that a page of a tag is read from
-- one index, however many posts have it. The trigger below keeps it true.
create table post_tags (
    post      integer not null references posts (id) on delete cascade,
    position  integer not null,
    tag       integer not null references tags (id) on delete restrict,
    public_at integer,
    primary key (post, position),
    unique (post, tag)
) strict;

create index post_tags_tag on post_tags (tag);
create index post_tags_public on post_tags (tag, public_at desc, post desc) where public_at is not null;

create trigger posts_tags_public after update of status, visibility, published_at, trashed_at on posts
begin
    update post_tags
    set public_at = case when new.status = 'published' and new.visibility = 'public' and new.trashed_at is null
                         then new.published_at end
    where post = new.id;
end;

-- Every list is read from its own index, a page at a time.
create index posts_author on posts (owner, published_at desc, id desc)
    where status = 'published' and visibility = 'public' and trashed_at is null;
-- Counting by month looks at nothing but this.
create index posts_archive on posts (published_at, status, visibility, trashed_at)
    where status = 'published' and visibility = 'public' and trashed_at is null;
create index posts_drafts on posts (owner, updated_at desc, id desc) where status = 'draft' and trashed_at is null;
create index posts_review on posts (submitted_at desc, id desc) where submitted_at is not null and trashed_at is null;
create index posts_due on posts (publish_at) where publish_at is not null and trashed_at is null;
create index posts_trash on posts (owner, trashed_at desc, id desc) where trashed_at is not null;
create index posts_old_trash on posts (trashed_at) where trashed_at is not null;

-- A revision is what a post was, as far as restoring it and merging with it need to know. Null where nobody knew yet.
alter table revisions add column tags text not null default '';
alter table revisions add column excerpt text;
alter table revisions add column slug text;
alter table revisions add column visibility text check (visibility in ('public', 'unlisted'));
alter table revisions add column stage text check (stage in ('draft', 'review', 'scheduled', 'published'));

-- Forms that were saved, by the key each carries: sent twice, one is still one post. `digest` tells the same form from
-- one that was changed after the browser's "back". `post` is null only inside the transaction that makes it.
create table submissions (
    person   integer not null references users (id) on delete cascade,
    key      text not null,
    post     integer references posts (id) on delete cascade,
    revision integer not null,
    digest   blob not null,
    saved_at integer not null,
    primary key (person, key)
) strict;

create index submissions_post on submissions (post);
create index submissions_saved_at on submissions (saved_at);

-- Addresses of public posts that were deleted for good: they answer "gone" and are never given away.
create table gone (
    slug    text primary key,
    post    integer not null,
    gone_at integer not null
) strict;

create index gone_post on gone (post);
