select
    text_hash,
    group_id,
    seat,
    case
        when seat < 0.8 then 'train'
        when seat < 0.9 then 'validation'
        else 'test'
    end as own_split
from {{ source('raw', 'duplicate_groups') }}
