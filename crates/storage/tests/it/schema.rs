//! Rules that every table keeps: strict types, and foreign keys that are indexed and say what happens on delete.

use sqlx::{query_as, query_scalar};

use crate::support::fresh;

#[tokio::test]
async fn every_table_is_strict() {
    let db = fresh().await;
    let (read, _) = db.sqlite_pools().unwrap();
    let lax: Vec<String> = query_scalar(
        "select name from pragma_table_list
         where type = 'table' and schema = 'main' and strict = 0
           and name not like 'sqlite_%' and name <> '_sqlx_migrations'",
    )
    .fetch_all(&read)
    .await
    .unwrap();
    assert_eq!(lax, Vec::<String>::new());
    let count: i64 =
        query_scalar("select count(*) from pragma_table_list where schema = 'main' and strict = 1")
            .fetch_one(&read)
            .await
            .unwrap();
    assert!(count >= 9, "control: {count} strict tables");
}

#[tokio::test]
async fn every_foreign_key_is_indexed_and_says_what_happens_on_delete() {
    let db = fresh().await;
    let (read, _) = db.sqlite_pools().unwrap();
    let keys: Vec<(String, String, String, bool)> = query_as(
        "select t.name, k.\"from\", k.on_delete,
                exists (select 1 from pragma_index_list(t.name) l join pragma_index_info(l.name) c
                        where l.partial = 0 and c.seqno = 0 and c.name = k.\"from\")
         from pragma_table_list t join pragma_foreign_key_list(t.name) k
         where t.schema = 'main'",
    )
    .fetch_all(&read)
    .await
    .unwrap();
    assert!(keys.len() >= 9, "control: {keys:?}");
    for (table, column, on_delete, indexed) in keys {
        assert_ne!(on_delete, "NO ACTION", "{table}.{column}");
        assert!(indexed, "{table}.{column}");
    }
}
