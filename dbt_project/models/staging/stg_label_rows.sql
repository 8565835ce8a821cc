-- Without the texts: they are long, and only the dataset needs them.
select
    batch_id,
    sequence,
    row,
    person_id,
    text_hash,
    opening_hash,
    label,
    -- What of a person a label is about: the sentence where it is spans, else the opening, if there is one.
    -- A resume without an id is nobody's: none of its labels corrects another, whichever came later.
    case when {{ is_spans('label') }} then text_hash else coalesce(opening_hash, '') end
    || case when person_id like 'person-text-%' then ' ' || md5(label) else '' end as subject,
    labelled_at,
    -- An undated label counts by its arrival.
    coalesce(labelled_at, added_at) as said_at
from {{ source('raw', 'label_rows') }}
