create table orders (
    id          integer primary key,
    user_id     integer not null references users,
    total_cents integer not null check (total_cents >= 0),
    placed_at   text    not null default (strftime('%Y-%m-%dT%H:%M:%SZ'))
) strict;

create index orders_of_user on orders (user_id);

create table order_lines (
    order_id    integer not null references orders,
    product_id  integer not null references products,
    -- As they were when the order was placed.
    name        text    not null,
    price_cents integer not null check (price_cents >= 0),
    quantity    integer not null check (quantity > 0),
    primary key (order_id, product_id)
) strict, without rowid;

create index order_lines_of_product on order_lines (product_id);
