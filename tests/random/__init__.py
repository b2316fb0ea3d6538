"""Networks and mistakes made at random: whole specs that must work, and bent ones that must be refused well."""
