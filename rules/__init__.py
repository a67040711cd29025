"""JUDGE: pure rules over facts. No network, no database, no clock."""
