-- Most persons' label; else the one that was said last; else none: what is still a tie is left out.
select
    text_hash,
    opening_hash,
    min(label) as label,
    min(persons) as persons
from {{ ref('label_votes') }}
where place = 1
group by text_hash, opening_hash
having count(*) = 1
