import csv

from followups.reports import rows, tables


def report(*keys):
    def row(key):
        return rows.Recontact(key, rows.share(key, 1, 3, immature=2, excluded={"spam": 4}), rows.share(key, 0, 0))

    return rows.Report("recontact", "", "", "", 0, row("total"), [row(key) for key in keys])


def lines(*keys):
    return list(csv.DictReader(tables.text(report(*keys)).splitlines()))


def test_each_figure_has_a_column_and_the_total_comes_first():
    total, phone = lines("phone")
    assert (total["key"], phone["key"]) == ("total", "phone")
    assert (phone["any_issue_num"], phone["any_issue_den"], phone["any_issue_excluded_spam"]) == ("1", "3", "4")
    assert list(phone)[:4] == ["key", "any_issue_num", "any_issue_den", "any_issue_rate"]


def test_nothing_to_divide_by_is_empty():
    assert lines()[0]["same_issue_rate"] == ""


def test_a_cell_that_looks_like_a_formula_is_text():
    keys = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", 'a "b", c']
    assert [line["key"] for line in lines(*keys)[1:]] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", 'a "b", c']
