//! [`Catalog`]: the products on sale.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use service_core::error::BadConfiguration;
use service_core::{Context, Lifecycle, Result, guarded, service};

use super::import::import;
use super::{Cache, Page, PriceList, Product};
use crate::storage::Db;
use crate::{Settings, ShopError};

const PAGE_SIZE: i64 = 20;
/// More words than anybody searches for. The index takes time for each word.
const MOST_CHARACTERS: usize = 100;
/// The price list that comes with the shop.
const COMPILED_IN: &str = include_str!("../../catalog.csv");

/// The products on sale. `init` imports the price list if it has changed.
#[service(requires = [Settings, Db, Cache])]
pub struct Catalog {
    db: Arc<Db>,
    cache: Arc<Cache>,
}

impl Lifecycle for Catalog {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let settings = cx.get::<Settings>();
        let list = match &settings.catalog {
            Some(path) => read(path).await?,
            None => PriceList::parse(COMPILED_IN)?,
        };
        cx.progress(format!("importing {} products", list.entries.len()));
        let db: Arc<Db> = cx.get();
        db.write(move |transaction| import(transaction, &list)).await?;
        Ok(Self { db, cache: cx.get() })
    }
}

#[guarded]
impl Catalog {
    /// The products whose name, category or number has words that begin with all of these words, in the order of their
    /// ids, 20 on a page. The first page is 1.
    ///
    /// # Errors
    /// [`ShopError::Invalid`] if the words have more than 100 characters, or the page is 0.
    pub async fn search(&self, words: &str, page: u32) -> Result<Page, ShopError> {
        let Some(before) = page.checked_sub(1) else {
            return Err(ShopError::Invalid("pages are counted from 1".to_owned()));
        };
        if words.chars().count() > MOST_CHARACTERS {
            return Err(ShopError::Invalid(format!("a search has at most {MOST_CHARACTERS} characters")));
        }
        let (found, words) = match words.trim() {
            "" => ("on_sale and ?1 = ''", String::new()),
            words => ("on_sale and id in (select rowid from product_words where product_words match ?1)", each(words)),
        };
        self.db
            .read(move |connection| {
                let total: i64 = connection
                    .prepare_cached(&format!("select count(*) from products where {found}"))?
                    .query_row([&words], |row| row.get(0))?;
                let products = connection
                    .prepare_cached(&format!("select * from products where {found} order by id limit ?2 offset ?3"))?
                    .query_map(params![words, PAGE_SIZE, i64::from(before) * PAGE_SIZE], Product::from_row)?
                    .collect::<Result<_, _>>()?;
                Ok(Page { page, pages: (total + PAGE_SIZE - 1) / PAGE_SIZE, total, products })
            })
            .await
    }

    /// The product with this id.
    pub async fn find(&self, id: i64) -> Result<Arc<Product>, ShopError> {
        if let Some(product) = self.cache.get(id) {
            return Ok(product);
        }
        let product = self
            .db
            .read(move |connection| {
                connection
                    .query_row("select * from products where id = ?1 and on_sale", [id], Product::from_row)
                    .optional()?
                    .ok_or(ShopError::NotFound { kind: "product", id })
            })
            .await?;
        let product = Arc::new(product);
        self.cache.put(&product);
        Ok(product)
    }
}

async fn read(path: &Path) -> Result<PriceList> {
    let path_shown = path.display();
    let text = tokio::fs::read_to_string(path).await.map_err(|error| {
        BadConfiguration::new(format!("cannot read the catalog {path_shown}: {error}; choose another with --catalog"))
    })?;
    let list = PriceList::parse(&text).map_err(|error| {
        BadConfiguration::new(format!(
            "cannot import the catalog {path_shown}: {error}; correct it, or choose another with --catalog"
        ))
    })?;
    Ok(list)
}

/// The words as a query of the index, quoted, because `AND`, `*` and `"` have a meaning there.
fn each(words: &str) -> String {
    let words = words.split(|it: char| !it.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<_> = words.map(|word| format!("\"{word}\"*")).collect();
    if words.is_empty() { "\"\"".to_owned() } else { words.join(" ") }
}
