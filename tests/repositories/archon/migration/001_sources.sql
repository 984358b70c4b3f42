create table if not exists sources (id text primary key);
