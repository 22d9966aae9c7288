"""The demo "devices": sensors speak MQTT, a stream processor finds anomalies, a lake keeps everything."""
