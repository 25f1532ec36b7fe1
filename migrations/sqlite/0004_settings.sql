-- What the owner says about the site, and what the site must remember about itself.
create table settings (
    name  text primary key,
    value text not null
) strict;

-- At most one row: the hash of the token that makes the first account.
create table setup_token (
    only_row   integer primary key check (only_row = 1),
    hash       blob not null,
    created_at integer not null
) strict;
