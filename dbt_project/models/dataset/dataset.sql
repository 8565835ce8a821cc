-- One row a different resume (and opening). The text is one that the label was given to: labels may count its characters; of
-- several wordings, whenever they came in, the smallest.
with texts as (
    select
        raw_rows.text_hash,
        raw_rows.opening_hash,
        raw_rows.label,
        min(raw_rows.text) as text,
        min(raw_rows.opening_text) as opening_text
    from {{ source('raw', 'label_rows') }} as raw_rows
    group by raw_rows.text_hash, raw_rows.opening_hash, raw_rows.label
)

select
    decided.text_hash,
    texts.text,
    decided.label,
    decided.opening_hash,
    texts.opening_text,
    duplicates.group_id,
    group_splits.split,
    decided.persons
from {{ ref('decided_labels') }} as decided
inner join texts
    on decided.text_hash = texts.text_hash
    and decided.opening_hash is not distinct from texts.opening_hash
    and decided.label = texts.label
inner join {{ ref('stg_duplicate_groups') }} as duplicates on decided.text_hash = duplicates.text_hash
inner join {{ ref('group_splits') }} as group_splits on duplicates.group_id = group_splits.group_id
