/**
 * XEP-0059: Result Set Management (1.0).
 *
 * @module
 */

export { FirstItem, NS_RSM, ResultSet, ResultSetRequest } from './elements.js'
export { type Page, paginate } from './paginate.js'
export { PagingError } from './paging-error.js'
