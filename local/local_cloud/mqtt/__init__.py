"""MQTT broker of IoT Core, apart from the engines, since it needs the optional package amqtt when it is imported."""
