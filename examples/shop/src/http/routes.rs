//! The routes and their handlers.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::problem::Problem;
use crate::products::{Catalog, Page, Product};
use crate::sales::{CategorySales, NewOrder, NewUser, Order, Orders, Recommendations, Reports, User, Users};

type Answer<T> = Result<Json<T>, Problem>;
type Created<T> = Result<(StatusCode, Json<T>), Problem>;

/// The services that the handlers use.
#[derive(Clone)]
pub(super) struct Shop {
    pub(super) catalog: Arc<Catalog>,
    pub(super) users: Arc<Users>,
    pub(super) orders: Arc<Orders>,
    pub(super) recommendations: Option<Arc<Recommendations>>,
}

pub(super) fn routes(shop: Shop) -> Router {
    Router::new()
        .route("/products", get(search_products))
        .route("/products/{id}", get(find_product))
        .route("/users", post(create_user))
        .route("/users/{id}", get(find_user))
        .route("/orders", post(place_order))
        .route("/orders/{id}", get(find_order))
        .route("/reports/sales", get(report_sales))
        .fallback(nothing_there)
        .method_not_allowed_fallback(not_like_that)
        .with_state(shop)
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    page: Option<u32>,
}

async fn search_products(State(shop): State<Shop>, search: Result<Query<Search>, QueryRejection>) -> Answer<Page> {
    let Query(Search { q, page }) = search?;
    Ok(Json(shop.catalog.search(&q, page.unwrap_or(1)).await?))
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    product: Arc<Product>,
    bought_with: Vec<i64>,
}

async fn find_product(State(shop): State<Shop>, id: Result<Path<i64>, PathRejection>) -> Answer<Shown> {
    let Path(id) = id?;
    let product = shop.catalog.find(id).await?;
    let recommended = shop.recommendations.and_then(|recommendations| recommendations.bought_with(id).ok());
    Ok(Json(Shown { product, bought_with: recommended.unwrap_or_default() }))
}

async fn create_user(State(shop): State<Shop>, Body(new): Body<NewUser>) -> Created<User> {
    Ok((StatusCode::CREATED, Json(shop.users.create(new).await?)))
}

async fn find_user(State(shop): State<Shop>, id: Result<Path<i64>, PathRejection>) -> Answer<User> {
    let Path(id) = id?;
    Ok(Json(shop.users.find(id).await?))
}

async fn place_order(State(shop): State<Shop>, Body(new): Body<NewOrder>) -> Created<Order> {
    Ok((StatusCode::CREATED, Json(shop.orders.place(new).await?)))
}

async fn find_order(State(shop): State<Shop>, id: Result<Path<i64>, PathRejection>) -> Answer<Order> {
    let Path(id) = id?;
    Ok(Json(shop.orders.find(id).await?))
}

async fn report_sales() -> Answer<Vec<CategorySales>> {
    Ok(Json(Reports::service().await?.sales().await?))
}

async fn nothing_there(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {}; begin with /products", uri.path()))
}

async fn not_like_that(method: Method, uri: Uri) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not answer to {method}", uri.path()))
}
