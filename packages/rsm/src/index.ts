/**
 * XEP-0059: Result Set Management (1.0).
 *
 * @module
 */

export { NS_RSM, ResultSet, ResultSetRequest } from './elements.js'
export { paginate, type ResultPage } from './paginate.js'
export { PagingError } from './paging-error.js'
