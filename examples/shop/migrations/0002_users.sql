create table users (
    id         integer primary key,
    name       text not null,
    email      text not null collate nocase unique,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ'))
) strict;
