-- The indexes get their words from the program, which knows every script, with a space between them: what it asks for
-- later is folded by the same rules. `ascii` changes nothing about such words.
drop trigger posts_search_state;
drop trigger posts_search_purge;
drop trigger users_search_name;
drop table search;
drop table headings;

create virtual table search using fts5 (
    title, tags, author, text,
    content = '', contentless_delete = 1,
    tokenize = 'ascii', prefix = '2 3'
);

create virtual table headings using fts5 (
    title, tags, author,
    content = '', contentless_delete = 1,
    tokenize = 'ascii', prefix = '2 3'
);

-- Posts whose words changed. Whoever changes one puts it into the indexes before the change is committed; what stands here
-- now is done by the start that follows.
create table unindexed (
    post integer primary key references posts (id) on delete cascade
) strict, without rowid;

insert into unindexed (post) select id from searchable;

create trigger posts_search_state after update of status, visibility, trashed_at, owner on posts
    when old.status <> new.status or old.visibility <> new.visibility or old.trashed_at is not new.trashed_at
        or old.owner <> new.owner
begin
    insert or ignore into unindexed (post) values (new.id);
end;

create trigger posts_search_purge after delete on posts
begin
    delete from search where rowid = old.id;
    delete from headings where rowid = old.id;
end;

create trigger users_search_name after update of display_name on users when old.display_name <> new.display_name
begin
    insert or ignore into unindexed (post) select p.id from posts p where p.owner = new.id;
end;
