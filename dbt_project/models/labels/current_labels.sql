-- What was said last of each subject; rows of one batch and one moment all count.
with ranked as (
    select
        *,
        rank() over (partition by person_id, subject order by said_at desc, sequence desc) as place
    from {{ ref('stg_label_rows') }}
)

select
    batch_id,
    row,
    person_id,
    text_hash,
    opening_hash,
    label,
    labelled_at
from ranked
where place = 1
