"""The demo's report names steps of the business, each with all its seconds."""

from __future__ import annotations

from examples.flights.states import in_words


def test_states_of_a_step_are_one_step_and_containers_are_none() -> None:
    seconds = {
        "Run": 100.0,
        "Wave 2": 20.0,
        "Evaluate": 9.0,
        "List running executions": 0.5,
        "Crawl ReferenceCrawler": 1.0,
        "Crawl ReferenceCrawler waits": 2.0,
        "Curate CurateFlights": 20.0,
        "Evaluate flights": 1.0,
        "Evaluate flights asks": 0.5,
        "Load Warehouse setup": 2.0,
        "Load Warehouse": 8.0,
        "Load Warehouse batch waits": 30.0,
        "Export flights": 0.5,
        "Export flights snapshot id": 1.0,
        "Export flights unload": 2.0,
        "Train FlightsModel": 12.0,
        "Register FlightsModel": 1.0,
        "Notify": 1.0,
    }
    assert in_words(seconds) == {
        "Find new reference files": 3.0,
        "Check and clean flights": 20.0,
        "Test the quality of flights": 1.5,
        "Fill the warehouse": 10.0,
        "Copy flights as they are now": 3.5,
        "Learn from flights": 12.0,
        "Keep the model of flights": 1.0,
    }
