R"sql(
-- So that a definition which no run is pinned to any more is found without reading all runs.
CREATE INDEX run_bundle ON run (bundle);
)sql"
