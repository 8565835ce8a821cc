-- A resume's near-duplicates lie where it lies.
select group_id
from {{ ref('dataset') }}
group by group_id
having count(distinct split) > 1
