-- Titles, tags and names once more, without the texts: where very many posts have the words, those that have them there come
-- first, and to look for them among all the words of all texts would take as long as to read them.
create virtual table headings using fts5 (
    title, tags, author,
    content = '', contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

insert into headings (rowid, title, tags, author) select id, title, tags, author from searchable;

-- What changes the one index changes the other.
drop trigger posts_search_state;
create trigger posts_search_state after update of status, visibility, trashed_at, owner on posts
    when old.status <> new.status or old.visibility <> new.visibility or old.trashed_at is not new.trashed_at
        or old.owner <> new.owner
begin
    delete from search where rowid = new.id;
    delete from headings where rowid = new.id;
    insert into search (rowid, title, tags, author, text)
        select id, title, tags, author, text from searchable where id = new.id;
    insert into headings (rowid, title, tags, author) select id, title, tags, author from searchable where id = new.id;
end;

drop trigger posts_search_purge;
create trigger posts_search_purge after delete on posts
begin
    delete from search where rowid = old.id;
    delete from headings where rowid = old.id;
end;

drop trigger users_search_name;
create trigger users_search_name after update of display_name on users when old.display_name <> new.display_name
begin
    delete from search where rowid in (select p.id from posts p where p.owner = new.id);
    delete from headings where rowid in (select p.id from posts p where p.owner = new.id);
    insert into search (rowid, title, tags, author, text)
        select s.id, s.title, s.tags, s.author, s.text from searchable s join posts p on p.id = s.id where p.owner = new.id;
    insert into headings (rowid, title, tags, author)
        select s.id, s.title, s.tags, s.author from searchable s join posts p on p.id = s.id where p.owner = new.id;
end;
