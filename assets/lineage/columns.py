"""What the catalogue's tables are made of, on every database the same."""

from sqlalchemy import BigInteger, Integer, MetaData, String, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Text is ordered by code point everywhere, as Python and the sources' listings order it. SQLite does so by itself; a
# PostgreSQL database follows its language's rules, whose order changes with the system's libraries.
OrderedString = String().with_variant(String(collation="C"), "postgresql")
OrderedText = Text().with_variant(Text(collation="C"), "postgresql")

# SQLite gives an automatic key only to a column whose type is exactly INTEGER.
AutomaticKey = BigInteger().with_variant(Integer, "sqlite")
