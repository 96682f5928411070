from sqlalchemy import create_engine, text


def test_both_databases_answer(database_url):
    with create_engine(database_url).connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
