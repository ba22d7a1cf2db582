SELECT count(sha256(convert_to(s.selection::text, 'UTF8'))) FROM bench.selections AS s
