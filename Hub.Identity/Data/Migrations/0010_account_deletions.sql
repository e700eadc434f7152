-- Accounts that end after a week, in which their person may think again; and the organizations that end with them.
create table identity.account_deletions (
    user_id uuid not null,
    requested_at timestamptz not null,
    due_at timestamptz not null,
    organizations uuid[] not null,
    constraint pk_account_deletions primary key (user_id),
    constraint fk_account_deletions_users_user_id foreign key (user_id) references identity.users (id) on delete cascade,
    check (due_at > requested_at)
);
create index ix_account_deletions_due_at on identity.account_deletions (due_at);
