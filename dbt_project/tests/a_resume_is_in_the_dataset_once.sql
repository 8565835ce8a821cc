select text_hash
from {{ ref('dataset') }}
group by text_hash, opening_hash
having count(*) > 1
