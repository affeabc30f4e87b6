-- The words of each product, folded: a search finds what begins with them, whatever their case and accents.
create virtual table product_words using fts5 (
    name, category, sku,
    content = 'products', content_rowid = 'id', prefix = '2 3'
);

create trigger products_inserted after insert on products begin
    insert into product_words (rowid, name, category, sku) values (new.id, new.name, new.category, new.sku);
end;

-- Products are never deleted, and an order changes none of their words.
create trigger products_renamed after update of name, category, sku on products
when (new.name, new.category, new.sku) <> (old.name, old.category, old.sku) begin
    insert into product_words (product_words, rowid, name, category, sku)
    values ('delete', old.id, old.name, old.category, old.sku);
    insert into product_words (rowid, name, category, sku) values (new.id, new.name, new.category, new.sku);
end;

insert into product_words (product_words) values ('rebuild');
