-- A customer's website is an address of the web, which pages lead to. What was typed as a text becomes one where it can be; where it cannot, it
-- moves to the notes, so that nothing is lost.

update customers set website = null where btrim(website) = '';
update customers set notes = concat_ws(E'\n\n', notes, 'Website: ' || website), website = null
where website is not null and btrim(website) !~* '^(https?://)?[^[:space:]/:@?#"<>\\^`{|}]+\.[^[:space:]/:@?#"<>\\^`{|}]+([:/?#][^[:space:]"<>\\^`{|}]*)?$';
update customers
set website = case when btrim(website) ~* '^https?://' then regexp_replace(btrim(website), '^(https?)://', lower(substring(btrim(website) from '^[^:]*')) || '://', 'i')
    else 'https://' || btrim(website) end
where website is not null;
alter table customers
    alter column website type text collate "C",
    add constraint customers_website_shape check (website ~ '^https?://');
