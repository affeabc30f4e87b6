alter table orders add column packed_at text;

create index orders_to_pack on orders (id) where packed_at is null;
