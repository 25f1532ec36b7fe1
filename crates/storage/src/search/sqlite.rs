//! The search in SQLite, by its indexes (FTS5): `search` of everything, `headings` of everything but the texts.
//!
//! Invariant: what somebody typed reaches the index as quoted words of letters and digits, never as its query language.

use std::collections::HashSet;

use futures_util::TryStreamExt as _;
use gatepost_domain::search::{Query, Term, indexed};
use sqlx::{SqlitePool, SqliteTransaction, query, query_as, query_scalar};

use super::{Hit, PASSAGE, RANKED, REACHED, Results};
use crate::error::Error;
use crate::posts::{SummaryRow, select_summaries};

/// The newest that have the words, and whether they are fewer than that.
const EVERYWHERE: &str =
    "select rowid from search where search match $1 order by rowid desc limit $2";

/// A word in the title weighs more than one in a tag, that more than a name, and all more than the text.
const BEST: &str = "
    select rowid from search where search match $1
    order by bm25(search, 10.0, 6.0, 4.0, 1.0), rowid desc
    limit $2 offset $3";

/// To weigh a word that most posts have takes as long as to read them all; these read a few from the end of the index.
const IN_HEADINGS: &str =
    "select rowid from headings where headings match $1 order by rowid desc limit $2";

const HITS: &str = select_summaries!("h.key" from "json_each($1) h join posts p on p.id = h.value" "true order by h.key");
const TEXTS: &str = "
    select p.text from json_each($1) h
    join posts p on p.id = h.value
    join slugs s on s.post = p.id and s.is_current = 1
    order by h.key";

/// A post whose words changed is noted, and read anew before the change is committed.
const NOTE: &str = "insert or ignore into unindexed (post) values ($1)";
const NOTED: &str = "select post from unindexed limit $1";
const DONE: &str = "delete from unindexed where post = $1";

const WORDS: &str = "select title, tags, author, text from searchable where id = $1";
const TAKE_OUT: [&str; 2] = [
    "delete from search where rowid = $1",
    "delete from headings where rowid = $1",
];
const PUT_IN: [&str; 2] = [
    "insert into search (rowid, title, tags, author, text) values ($1, $2, $3, $4, $5)",
    "insert into headings (rowid, title, tags, author) values ($1, $2, $3, $4)",
];

pub(super) async fn changed(
    transaction: &mut SqliteTransaction<'static>,
    post: i64,
) -> sqlx::Result<()> {
    query(NOTE).bind(post).execute(&mut **transaction).await?;
    Ok(())
}

/// Indexes so many of the posts whose words changed, and says how many it found.
pub(super) async fn catch_up(
    transaction: &mut SqliteTransaction<'static>,
    limit: u32,
) -> sqlx::Result<usize> {
    let posts: Vec<i64> = query_scalar(NOTED)
        .bind(limit)
        .fetch_all(&mut **transaction)
        .await?;
    for post in &posts {
        for statement in TAKE_OUT {
            query(statement)
                .bind(post)
                .execute(&mut **transaction)
                .await?;
        }
        let words: Option<[String; 4]> = query_as(WORDS)
            .bind(post)
            .fetch_optional(&mut **transaction)
            .await?
            .map(|(title, tags, author, text)| [title, tags, author, text]);
        if let Some(words) = words {
            let [title, tags, author, text] = folded(words).await?;
            for statement in PUT_IN {
                query(statement)
                    .bind(post)
                    .bind(&title)
                    .bind(&tags)
                    .bind(&author)
                    .bind(&text)
                    .execute(&mut **transaction)
                    .await?;
            }
        }
        query(DONE).bind(post).execute(&mut **transaction).await?;
    }
    Ok(posts.len())
}

/// A text of this length takes less than a millisecond.
const SHORT: usize = 64 * 1024;

async fn folded(words: [String; 4]) -> sqlx::Result<[String; 4]> {
    let is_short = words.iter().all(|it| it.len() < SHORT);
    let fold = move || words.map(|it| indexed(&it));
    if is_short {
        return Ok(fold());
    }
    off_thread(fold).await
}

/// For work on texts that would hold up other requests.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> sqlx::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))
}

pub(super) async fn find(
    pool: &SqlitePool,
    wanted: &Query,
    skip: u32,
    limit: u32,
) -> Result<Results, Error> {
    let everywhere = expression(wanted);
    // One reader for all, so that its pages are warm and nothing is saved in between.
    let mut reader = pool.begin().await?;
    let newest: Vec<i64> = query_scalar(EVERYWHERE)
        .bind(&everywhere)
        .bind(RANKED)
        .fetch_all(&mut *reader)
        .await?;
    let found = u32::try_from(newest.len()).unwrap_or(RANKED);
    let limit = limit.min(REACHED.saturating_sub(skip));
    let posts: Vec<i64> = if found < RANKED {
        query_scalar(BEST)
            .bind(&everywhere)
            .bind(limit)
            .bind(skip)
            .fetch_all(&mut *reader)
            .await?
    } else {
        let mut posts = Vec::new();
        for tier in [format!("{{title}} : ({everywhere})"), everywhere] {
            let found: Vec<i64> = query_scalar(IN_HEADINGS)
                .bind(tier)
                .bind(REACHED)
                .fetch_all(&mut *reader)
                .await?;
            posts.extend(found);
        }
        posts.extend(newest);
        let mut seen = HashSet::new();
        posts.retain(|post| seen.insert(*post));
        let page = posts.into_iter().skip(skip as usize);
        page.take(limit as usize).collect()
    };
    let posts = format!("{posts:?}");
    let rows: Vec<SummaryRow> = query_as(HITS).bind(&posts).fetch_all(&mut *reader).await?;
    let mut texts = Vec::new();
    let mut found_texts = query_scalar(TEXTS).bind(&posts).fetch(&mut *reader);
    while let Some(text) = found_texts.try_next().await? {
        texts.push(part(wanted, text).await?);
    }
    drop(found_texts);
    let hits = rows.into_iter().zip(texts).map(|(row, text)| {
        Ok(Hit {
            post: row.summary()?,
            text,
        })
    });
    Ok(Results {
        hits: hits.collect::<Result<_, Error>>()?,
        found,
    })
}

/// Of a long text the part that shows best why it was found.
async fn part(wanted: &Query, text: String) -> sqlx::Result<String> {
    if text.len() <= PASSAGE {
        return Ok(text);
    }
    let wanted = wanted.clone();
    off_thread(move || text[wanted.passage(&text, PASSAGE)].to_owned()).await
}

/// `"sea" "flat calm" "mor"*`
fn expression(query: &Query) -> String {
    let term = |term: &Term| {
        let words = term.words().join(" ").replace('"', "\"\"");
        format!("\"{words}\"{}", if term.begins() { "*" } else { "" })
    };
    let terms: Vec<String> = query.terms().iter().map(term).collect();
    terms.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_index_s_own_language_gets_through() {
        let expression = |typed: &str| expression(&Query::parse(typed));
        assert_eq!(
            expression("sea \"flat calm\" mor"),
            "\"sea\" \"flat calm\" \"mor\"*"
        );
        assert_eq!(
            expression("title:x* OR (a NOT b) ^c + d\" "),
            "\"title\" \"x\" \"or\" \"a\" \"not\" \"b\" \"c\" \"d\""
        );
    }
}
