"""The Magento sandbox: the part of Magento 2.4.7's REST interface that the integration uses, with a shop behind it."""
