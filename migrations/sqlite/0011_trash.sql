-- Everybody's trash is a list as well, for those who may take out what others wrote; the same index says what is old.
drop index posts_old_trash;
create index posts_old_trash on posts (trashed_at desc, id desc) where trashed_at is not null;
