import { deflatingRules } from "./deflating-rules.js";
import { inflatingRules } from "./inflating-rules.js";
import { offerRules } from "./offer-rules.js";

offerRules();
inflatingRules();
deflatingRules();
