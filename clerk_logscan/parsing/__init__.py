"""Lines to requests: definitions (data), three grammars that cut, fields that type, detection that chooses."""
