-- Words under what they may be mistyped as: each word of letters stands under itself and under what is left of it without one letter. Two
-- words that differ by a letter more, less, another one or two in the wrong order share such a rest, and equality is an index condition
-- under row security, which no measure of likeness is. Belongs to the words of records (search_terms): a word that no record has any more
-- is gone here too. No foreign key to tenants, like search_terms.
create table search_spellings (
    tenant_id uuid not null,
    spelling text collate "C" not null,
    term text collate "C" not null,
    primary key (tenant_id, spelling, term)
);
create index search_spellings_by_term on search_spellings (tenant_id, term);
call secure_tenant_table('search_spellings', 'insert, delete');

-- What is indexed already. The same rule as records/src/spelling.rs: letters alone, 4 to 24 of them.
insert into search_spellings (tenant_id, spelling, term)
select distinct w.tenant_id, overlay(w.term placing '' from cut for least(cut, 1)), w.term
from (select distinct tenant_id, term from search_terms where term ~ '^[[:alpha:]]{4,24}$') w,
     generate_series(0, length(w.term)) cut
on conflict do nothing;
