"""The Magento connector: REST over HTTP behind the ports of `streams/ports/`."""
