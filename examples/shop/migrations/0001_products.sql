create table products (
    id          integer primary key,
    sku         text    not null unique,
    name        text    not null,
    category    text    not null,
    price_cents integer not null check (price_cents >= 0),
    stock       integer not null check (stock >= 0),
    -- How many the price list last said there are: a new list adds the difference, and so keeps what was sold since.
    listed      integer not null,
    -- A product that left the price list is not sold any more, and stays for the orders that name it.
    on_sale     integer not null check (on_sale in (0, 1))
) strict;

create table price_lists (
    id          integer primary key,
    fingerprint text    not null,
    imported_at text    not null default (strftime('%Y-%m-%dT%H:%M:%SZ'))
) strict;
