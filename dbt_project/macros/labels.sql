{# Whether a label is spans of its text, as the task `skills` writes them. -#}
{% macro is_spans(label) -%}
    starts_with({{ label }}, '{"spans":')
{%- endmacro %}

{# The classes that a label counts for: itself, or the kinds of its spans. -#}
{% macro classes_of(label) -%}
    case
        when {{ is_spans(label) }} then list_distinct(json_extract_string({{ label }}, '$.spans[*][2]'))
        else [{{ label }}]
    end
{%- endmacro %}
