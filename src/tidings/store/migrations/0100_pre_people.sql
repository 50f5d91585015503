-- People who sign in: who they are, their sessions, what slows guessing, and the log of who did what to whom.
create table person (
  id integer primary key,
  account_id integer not null,
  email text not null,
  name text not null,
  role text not null,
  created_at integer not null,
  password text,
  disabled_at integer,
  seen_at integer,
  link blob,
  link_until integer,
  factor blob,
  factor_wanted blob,
  factor_step integer not null,
  factor_required integer not null,
  issuer text,
  subject text
);
create unique index person_email on person (email);
create index person_account on person (account_id, id);
create unique index person_link on person (link) where link is not null;
create unique index person_subject on person (issuer, subject) where subject is not null;

create table person_session (
  id integer primary key,
  account_id integer not null,
  user_id integer not null,
  digest blob not null,
  created_at integer not null,
  seen_at integer not null,
  ends_at integer not null,
  address text not null,
  agent text not null,
  method text not null
);
create unique index person_session_digest on person_session (digest);
create index person_session_user on person_session (user_id, id);

create table recovery_code (
  user_id integer not null,
  account_id integer not null,
  digest text not null,
  primary key (user_id, digest)
) without rowid;

create table setup_code (
  digest text primary key,
  account_id integer not null,
  created_at integer not null
) without rowid;

create table sign_in_wait (
  name text primary key,
  account_id integer not null,
  failures integer not null,
  failed_at integer not null,
  free_at integer not null
) without rowid;
create index sign_in_wait_age on sign_in_wait (failed_at);

create table audit_entry (
  id integer primary key,
  account_id integer not null,
  occurred_at integer not null,
  action text not null,
  actor_kind text not null,
  actor_id integer not null,
  actor_name text not null,
  address text not null,
  subject_kind text not null,
  subject_id integer not null,
  subject_name text not null,
  detail text
);
create index audit_entry_account on audit_entry (account_id, id);
