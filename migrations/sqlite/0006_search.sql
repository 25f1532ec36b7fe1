-- What can be searched: the posts that everybody finds, and nothing else, so that a search can't tell of a draft. The
-- index keeps words, not texts; results are read from the posts. `prefix` makes the beginnings of words quick.
create virtual table search using fts5 (
    title, tags, author, text,
    content = '', contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

create view searchable as
    select p.id, p.title,
           coalesce((select group_concat(t.name, ' ') from post_tags pt join tags t on t.id = pt.tag where pt.post = p.id), '') as tags,
           o.display_name || ' ' || o.username as author,
           p.text
    from posts p join users o on o.id = p.owner
    where p.status = 'published' and p.visibility = 'public' and p.trashed_at is null;

insert into search (rowid, title, tags, author, text) select id, title, tags, author, text from searchable;

-- A save puts its post here itself, once its tags are in place. These keep the index true to everything else: a trash, a
-- restore, a schedule, a purge, another name.
create trigger posts_search_state after update of status, visibility, trashed_at, owner on posts
    when old.status <> new.status or old.visibility <> new.visibility or old.trashed_at is not new.trashed_at
        or old.owner <> new.owner
begin
    delete from search where rowid = new.id;
    insert into search (rowid, title, tags, author, text)
        select id, title, tags, author, text from searchable where id = new.id;
end;

create trigger posts_search_purge after delete on posts
begin
    delete from search where rowid = old.id;
end;

create trigger users_search_name after update of display_name on users when old.display_name <> new.display_name
begin
    delete from search where rowid in (select p.id from posts p where p.owner = new.id);
    insert into search (rowid, title, tags, author, text)
        select s.id, s.title, s.tags, s.author, s.text from searchable s join posts p on p.id = s.id where p.owner = new.id;
end;
