"""Pages as Grafana draws them: judged on pages of ours, and on a real Grafana where one is given."""
import pytest

import dashboards
import render
import support


def page(name, marks):
    """The marks that Grafana's page has; `marks`: title -> what stands below the heading."""
    return "".join(f'<section><div data-testid="data-testid Panel header {panel["title"]}"><h2>{panel["title"]}</h2></div>'
                   f'{marks.get(panel["title"], "<canvas></canvas>")}</section>'
                   for panel in dashboards.panels(dashboards.load(name)))


def test_what_is_wrong_with_a_page_is_told():
    assert render.findings("search", page("search", {})) == []
    assert render.findings("search", page("search", {"The newest task that failed": "<div>No data</div>"})) == []
    assert render.findings("search", page("search", {"Requests to Meilisearch": "<div>No data</div>"})) == [
        "search: Requests to Meilisearch: No data"]
    broken = '<button data-testid="data-testid Panel status error"></button>'
    assert render.findings("search", page("search", {"The newest task that failed": broken})) == [
        "search: The newest task that failed: error"]
    assert "search: Meilisearch: was not drawn" in render.findings("search", "<html>Log in</html>")


def test_a_real_grafana_draws_all_of_them():
    if not render.given():
        pytest.skip("no package registry ships Grafana; give one with GRAFANA_URL or GRAFANA_HOME")
    pictures = support.ROOT / "build/results/dashboards"
    pictures.mkdir(parents=True, exist_ok=True)
    assert render.render(pictures) == []
