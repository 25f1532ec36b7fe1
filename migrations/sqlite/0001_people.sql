-- People with accounts. `username_key` is the name without case: two spellings can't be two people.
create table users (
    id            integer primary key autoincrement,
    username      text not null,
    username_key  text not null unique,
    display_name  text not null,
    role          text not null check (role in ('owner', 'editor', 'author', 'contributor')),
    -- Null: this account can't log in with a password (name-only mode, an invitation not yet taken up).
    password_hash text,
    -- Counts what must end every session: a new password, a disabled account.
    epoch         integer not null default 0,
    disabled_at   integer,
    created_at    integer not null
) strict;
