-- A number that somebody types into the profile is one to be reached at, and no longer one to sign in with: nobody has proven whose it is. What
-- stands in `phone` is proven, by a code or a link that went to it, and stays what people sign in with and set a new password by.

alter table users add column contact_phone text;

-- Which of the numbers beside an address were proven is not known, so none of them opens an account any more: the address does. Where there is no
-- address, the number is the only way in, and stays.
update users set contact_phone = phone, phone = null where phone is not null and email_norm is not null;
