-- Posts. Times are unix milliseconds. `published_at` is when strangers first saw it and stays for ever, so that an
-- address that was public can say "gone" instead of "never heard of it". A post in the trash keeps its status: that is
-- what it comes back as.
create table posts (
    id           integer primary key autoincrement,
    title        text not null,
    text         text not null,
    status       text not null check (status in ('draft', 'published')),
    visibility   text not null check (visibility in ('public', 'unlisted')),
    owner        integer not null references users (id) on delete restrict,
    last_editor  integer not null references users (id) on delete restrict,
    revision     integer not null,
    published_at integer,
    created_at   integer not null,
    updated_at   integer not null,
    trashed_at   integer,
    check (status = 'draft' or published_at is not null)
) strict;

-- The front page reads nothing but this index and the rows it shows.
create index posts_front on posts (published_at desc, id desc)
    where status = 'published' and visibility = 'public' and trashed_at is null;
create index posts_owner on posts (owner, updated_at desc);
create index posts_last_editor on posts (last_editor);

-- Every address a post has, and every one it had while strangers could see it. One table, so that its key alone
-- decides whether an address is free.
create table slugs (
    slug       text primary key,
    post       integer not null references posts (id) on delete cascade,
    is_current integer not null check (is_current in (0, 1)),
    created_at integer not null
) strict;

create index slugs_post on slugs (post);
create unique index slugs_current on slugs (post) where is_current = 1;

-- Every save, whole. `base` is the revision the writer had in front of them.
create table revisions (
    post     integer not null references posts (id) on delete cascade,
    number   integer not null,
    person   integer not null references users (id) on delete restrict,
    saved_at integer not null,
    base     integer,
    title    text not null,
    text     text not null,
    note     text not null default '',
    primary key (post, number)
) strict;

create index revisions_person on revisions (person);
