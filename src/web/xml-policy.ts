/**
 * The policy under which browsers show XML: values in it come from anyone, so nothing that it says is done. The viewer of Chrome is held to
 * it as well: it brings a style sheet, and the arrows of its folds as `data:` images.
 */
export const XML_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox";
