-- Letters are written in the transaction that they tell of, and delivered after it.
create table letters (
    id        integer primary key,
    recipient text    not null,
    subject   text    not null,
    body      text    not null,
    queued_at text    not null default (strftime('%Y-%m-%dT%H:%M:%SZ')),
    attempts  integer not null default 0,
    sent_at   text
) strict;

create index letters_to_send on letters (id) where sent_at is null;
