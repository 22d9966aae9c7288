"""DataSync: transfers between buckets, whose objects are really copied and verified."""
